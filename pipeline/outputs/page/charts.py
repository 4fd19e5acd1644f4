"""Makes files/vega.min.js, the chart library of the page: Vega, Vega-Lite and vega-embed.

It is committed, since vl-convert, which bundles it without a network, is a large package that
only notebooks need, and takes seconds. A test says when it is another one than vl-convert's.

    python -m pipeline.outputs.page.charts
"""

from __future__ import annotations

from pathlib import Path

import vl_convert

VEGA = Path(__file__).parent / "files" / "vega.min.js"


def bundle() -> str:
    """The library as vl-convert bundles it, with its licence."""
    versions = (
        f"Vega {vl_convert.get_vega_version()}, vega-embed {vl_convert.get_vega_embed_version()}, "
        f"Vega-Lite {vl_convert.get_vegalite_versions()[-1]}"
    )
    licence = (
        f"/*! {versions} and what they use, bundled by vl-convert. Copyright (c) University of "
        "Washington Interactive Data Lab and contributors, BSD 3-Clause; D3: Mike Bostock, ISC */\n"
    )
    # its type stub forgets the default
    library = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return licence + library.strip() + "\n"


if __name__ == "__main__":
    VEGA.write_text(bundle(), encoding="utf-8")
