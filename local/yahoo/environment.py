"""What sends the real client to the local Yahoo: environment alone. It is read when curl_cffi is imported."""

from pathlib import Path

LOOPBACK = "127.0.0.1,localhost"


def environment(folder: Path, port: int) -> dict[str, str]:
    """The environment for a client of the server that listens on `port` and keeps its certificates in `folder`.

    Everything over TLS then goes to the local Yahoo, which leads nowhere else. curl takes the names in small letters
    before the others. yfinance's own folder must not get cookies from here: they would be sent to the real Yahoo later.
    """
    proxy, authority = f"http://127.0.0.1:{port}", str(authority_file(folder))
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        "CURL_CA_BUNDLE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
        "BELLWETHER_YAHOO_CACHE_DIR": str(folder / "client"),
    }


def authority_file(folder: Path) -> Path:
    """The certificate that clients must trust."""
    return folder / "authority.pem"
