"""What the shop's providers hold at the start; demo and tests name things by these constants."""

from dataclasses import dataclass

HOUR = 3600.0
BAD_VERSION = "v42"
GOOD_VERSION = "v41"


@dataclass(frozen=True, kw_only=True)
class Release:
    """One deployed version of the shop's frontend or backend."""

    version: str
    id: str
    commit: str
    message: str
    author: str
    age: float
    is_built: bool = True
    is_kept: bool = True
    is_preview: bool = False

    @property
    def works(self) -> bool:
        """Whether the shop's visitors can use it."""
        return self.version != BAD_VERSION


VERCEL_TEAM = "team_shop"
VERCEL_TEAM_SLUG = "shop"
VERCEL_PROJECT = "prj_shop_frontend"
VERCEL_PROJECT_NAME = "shop-frontend"
VERCEL_DOMAINS = ("shop-frontend.vercel.app", "shop.example")
VERCEL_BAD = "dpl_shop_frontend_v42"
VERCEL_GOOD = "dpl_shop_frontend_v41"
VERCEL_UNBUILT = "dpl_shop_frontend_v40"
VERCEL_OLDER = "dpl_shop_frontend_v39"
VERCEL_PREVIEW = "dpl_shop_frontend_banner"

RAILWAY_PROJECT = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c01"
RAILWAY_ENVIRONMENT = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c02"
RAILWAY_SERVICE = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c03"
RAILWAY_SERVICE_NAME = "api"
RAILWAY_BAD = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c42"
RAILWAY_GOOD = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c41"
RAILWAY_UNBUILT = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c40"
RAILWAY_OLDER = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c39"
RAILWAY_EXPIRED = "6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c38"

# Newest first, as both providers list them.
FRONTEND = (
    Release(version="v42", id=VERCEL_BAD, commit="c0a2d1f6b8e34795a1d20c9f4e6b7a8d9c0e1f42",
            message="v42: Load the cart before the page", author="Web Developer", age=HOUR / 5),
    Release(version="banner", id=VERCEL_PREVIEW, commit="0d4b6f8a2c1e3957b9d8f7a6e5c4b3a291807f6e",
            message="Try a winter banner", author="Designer", age=2 * HOUR, is_preview=True),
    Release(version="v41", id=VERCEL_GOOD, commit="7b9e8d6c5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e41",
            message="v41: Show delivery dates", author="Web Developer", age=26 * HOUR),
    Release(version="v40", id=VERCEL_UNBUILT, commit="5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e40",
            message="v40: Show delivery dates, first try", author="Web Developer", age=27 * HOUR,
            is_built=False),
    Release(version="v39", id=VERCEL_OLDER, commit="3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c39",
            message="v39: Faster product pictures", author="Designer", age=75 * HOUR),
)  # fmt: skip
BACKEND = (
    Release(version="v42", id=RAILWAY_BAD, commit="e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e342",
            message="Read prices from the new table", author="Backend Developer", age=HOUR / 6),
    Release(version="v41", id=RAILWAY_GOOD, commit="a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a541",
            message="Retry payment webhooks", author="Backend Developer", age=22 * HOUR),
    Release(version="v40", id=RAILWAY_UNBUILT, commit="c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c740",
            message="Retry payment webhooks, first try", author="Backend Developer", age=23 * HOUR,
            is_built=False, is_kept=False),
    Release(version="v39", id=RAILWAY_OLDER, commit="e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e939",
            message="Index orders by day", author="Database Engineer", age=70 * HOUR),
    # Its image is gone: Railway keeps a removed one for 120 hours at most on the Pro plan.
    Release(version="v38", id=RAILWAY_EXPIRED, commit="a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a138",
            message="Count stock per warehouse", author="Backend Developer", age=190 * HOUR,
            is_kept=False),
)  # fmt: skip
