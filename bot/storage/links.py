"""Codes by which somebody shows that two accounts are theirs, and how often one was wrong.

A code is short enough to be tried out by whoever has its plain hash. So its hash is keyed, with
the audit chain's key, which is not in the database. The account and the moment are in it, too: a
row that was moved to another account, or made younger, stands for nothing.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from bot.domain.link import GOOD_FOR, LOOKED_BACK, Offer
from bot.domain.people import Account
from bot.storage.part import Part, by_dialect
from bot.storage.tables import link_codes, wrong_codes

_PURPOSE: Final = "code"  # what the chain seals with this key is an entry or its head

_OFFER: Final = by_dialect(
    link_codes,
    lambda upsert: upsert.on_conflict_do_update(
        index_elements=["account"],
        set_={"code": upsert.excluded.code, "at": upsert.excluded.at},
    ),
)
_OPEN: Final = select(link_codes).where(link_codes.c.at > bindparam("after"))
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
        """Keep a code for this account, in the place of the one it had before."""
        self._change(_FORGET, {"before": self.now - GOOD_FOR})
        offer = Offer(account, self.now)
        row = {"account": str(account), "code": self._hashed(code, offer), "at": offer.at}
        self._change(_OFFER[self._connection.dialect.name], row)
        return offer

    def offered(self, code: str) -> Offer | None:
        """Return to which account this code was given and when, while it is good."""
        rows = self._connection.execute(_OPEN, {"after": self.now - GOOD_FOR})
        for row in rows:  # each has a hash of its own, and there are few
            offer = Offer(Account.parse(row.account), row.at)
            if hmac.compare_digest(row.code.encode(), self._hashed(code, offer).encode()):
                return offer
        return None

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

    def _hashed(self, code: str, offer: Offer) -> str:
        moment = offer.at.astimezone(UTC).isoformat()
        text = json.dumps([_PURPOSE, str(offer.account), moment, code])
        return hmac.digest(self._keeper.key, text.encode(), hashlib.sha256).hex()
