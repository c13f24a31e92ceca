"""One file, one outside system: everything that Twokey can do and check out there.

vercel, railway, check   the systems
calls                    one call to a vendor: what is tried again, and what is in doubt
versions                 which deployment to go back to: pure decisions
"""

from collections.abc import Mapping
from types import MappingProxyType

from adapters.check import HttpCheck
from adapters.railway import RailwayRollback
from adapters.vercel import VercelRollback
from bot.ports import Action, Assertion

ACTIONS: tuple[type[Action], ...] = (VercelRollback, RailwayRollback)
ASSERTIONS: tuple[type[Assertion], ...] = (HttpCheck,)

# Where a system answers unless the configuration names another address.
ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {"vercel": "https://api.vercel.com", "railway": "https://backboard.railway.com"}
)
