"""Ed25519 signatures, as RFC 8032 describes them."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Ed25519:
    """Tells whether somebody's key signed something."""

    def is_good(self, *, key: str, text: str, signature: str) -> bool:
        """Tell whether this key, in hex digits, signed exactly this text; never raises."""
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            public.verify(bytes.fromhex(signature), text.encode())
        except (InvalidSignature, ValueError):  # also what is no key, no signature or no text
            return False
        return True
