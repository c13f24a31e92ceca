"""Codes by which somebody shows that two accounts are theirs, and how often one was wrong.

A code is short enough to be guessed by whoever has its plain hash. So its hash is keyed, with the
audit chain's key, which is not in the database.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from bot.domain.link import GOOD_FOR, LOOKED_BACK, Offer
from bot.domain.people import Account
from bot.storage.part import Part, by_dialect
from bot.storage.tables import link_codes, wrong_codes

_PURPOSE: Final = b"link code: "  # no entry of the chain is sealed with words that begin so

_OFFER: Final = by_dialect(
    link_codes,
    lambda upsert: upsert.on_conflict_do_update(
        index_elements=["account"],
        set_={"code": upsert.excluded.code, "at": upsert.excluded.at},
    ),
)
_OFFERED: Final = select(link_codes.c.account, link_codes.c.at).where(
    link_codes.c.code == bindparam("given")
)
_USE: Final = delete(link_codes).where(link_codes.c.account == bindparam("whose"))
_FORGET: Final = delete(link_codes).where(link_codes.c.at <= bindparam("before"))
_NOTE: Final = insert(wrong_codes)
_WRONG: Final = (
    select(wrong_codes.c.at)
    .where(wrong_codes.c.account == bindparam("whose"), wrong_codes.c.at > bindparam("after"))
    .order_by(wrong_codes.c.at)
)
_FORGIVE: Final = delete(wrong_codes).where(wrong_codes.c.at <= bindparam("before"))


class LinkPart(Part):
    """Keeps codes by their keyed hashes, and counts wrong ones."""

    def offer_code(self, account: Account, code: str) -> Offer:
        """Keep the code's keyed hash for this account, in the place of the one it had before."""
        self._change(_FORGET, {"before": self.now - GOOD_FOR})
        row = {"account": str(account), "code": self._hashed(code), "at": self.now}
        self._change(_OFFER[self._connection.dialect.name], row)
        return Offer(account, self.now)

    def offered(self, code: str) -> Offer | None:
        """Return to which account this code was given and when, unless it was used up."""
        row = self._connection.execute(_OFFERED, {"given": self._hashed(code)}).one_or_none()
        return Offer(Account.parse(row.account), row.at) if row else None

    def use_code(self, account: Account) -> None:
        """Forget the code of this account."""
        self._change(_USE, {"whose": str(account)})

    def note_wrong_code(self, account: Account) -> None:
        """Remember that this account gave a wrong code now."""
        self._change(_FORGIVE, {"before": self.now - LOOKED_BACK})
        self._change(_NOTE, {"account": str(account), "at": self.now})

    def wrong_codes(self, account: Account) -> tuple[datetime, ...]:
        """Return when this account gave wrong codes, as far back as that matters."""
        since = {"whose": str(account), "after": self.now - LOOKED_BACK}
        return tuple(self._connection.scalars(_WRONG, since))

    def _hashed(self, code: str) -> str:
        return hmac.digest(self._keeper.key, _PURPOSE + code.encode(), hashlib.sha256).hex()
