"""Countries: their names as addresses print them, each with its ISO code."""

from typing import Final

from qwen_vision.engines.embedded.documents.concepts import fold

COUNTRIES: Final = {
    "united states": "US", "united states of america": "US", "usa": "US", "u.s.a.": "US",
    "united kingdom": "GB", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "ireland": "IE", "germany": "DE", "deutschland": "DE", "nederland": "NL", "netherlands": "NL",
    "the netherlands": "NL", "belgium": "BE", "belgie": "BE", "belgique": "BE", "france": "FR",
    "spain": "ES", "espana": "ES", "portugal": "PT", "italy": "IT", "italia": "IT",
    "malaysia": "MY", "singapore": "SG", "china": "CN", "中国": "CN", "hong kong": "HK",
    "india": "IN", "japan": "JP", "日本": "JP", "australia": "AU", "new zealand": "NZ",
    "canada": "CA", "mexico": "MX", "brasil": "BR", "brazil": "BR", "switzerland": "CH",
    "schweiz": "CH", "suisse": "CH", "svizzera": "CH", "austria": "AT", "osterreich": "AT",
    "poland": "PL", "polska": "PL", "sweden": "SE", "sverige": "SE", "norway": "NO",
    "norge": "NO", "denmark": "DK", "danmark": "DK", "finland": "FI", "luxembourg": "LU",
}  # fmt: skip


def is_country(text: str) -> bool:
    """Whether a line is nothing but the name of a country."""
    return fold(text.strip(" .")) in COUNTRIES
