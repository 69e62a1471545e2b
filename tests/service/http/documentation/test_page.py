"""`/docs` as a browser without the Internet gets it."""

import gzip
import re

import httpx2


def test_everything_the_page_names_is_served_from_here(server: str) -> None:
    page = httpx2.get(f"{server}/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    names = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [name for name in names if not name.startswith("data:")]
    assert len(files) == 3
    for name in files:
        found = httpx2.get(f"{server}/{name}")
        assert found.status_code == 200
        assert found.headers["content-type"].split(";")[0] == ("text/css" if name.endswith(".css") else "text/javascript")
        assert len(found.content) > 50


def test_the_script_draws_our_document(server: str) -> None:
    start = httpx2.get(f"{server}/docs/start.js").text
    (document,) = re.findall(r'url: "([^"]+)"', start)
    assert httpx2.get(f"{server}/{document}").json()["info"]["title"] == "PromptPress"
    assert "SwaggerUIBundle" in httpx2.get(f"{server}/docs/swagger-ui-bundle.js").text


def test_clients_that_take_no_gzip_get_the_same_bytes(server: str) -> None:
    url = f"{server}/docs/swagger-ui.css"
    plain = httpx2.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with httpx2.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content
