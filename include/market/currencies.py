"""Units of quotation that are no currency: London quotes in pence, and nobody has capital in pence."""

# Yahoo's codes (GBX is everybody else's for GBp): the currency, and how many of the units make one of it.
MINOR_UNITS = {
    "GBp": ("GBP", 100),
    "GBX": ("GBP", 100),
    "ZAc": ("ZAR", 100),
    "ILA": ("ILS", 100),
    "USX": ("USD", 100),
    "KWF": ("KWD", 1000),
}


def major_unit(quoted: str) -> tuple[str, int]:
    """The currency behind a unit, and how many units make one of it: ("GBP", 100) for GBp, ("EUR", 1) for EUR."""
    return MINOR_UNITS.get(quoted, (quoted, 1))
