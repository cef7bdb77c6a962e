"""The page of `streaming.py`."""

from __future__ import annotations

from typing import Any


def describe_streaming(values: dict[str, Any]) -> str:
    """Return the measurements as a page.

    Args:
        values: What `streaming.py` writes as JSON.
    """
    large, files = values["measurements"][0], values["files"]
    memory = large["resident_mb"]
    growth_mb = memory["last_step"] - memory["warm"]
    lines = [
        "# Training from files",
        "",
        f"{large['images']:,} synthetic chromosomes at 50×50 px, StripNet of a tenth of its "
        f"width, {large['batch_size']} images a step; `{values['provenance']['command']}`, commit "
        f"`{values['provenance']['commit']}`, {values['processor_cores']} cores that other work "
        "shared, so that speeds are rough. The files lay on a local disk; that of the large "
        "set was dropped from the page cache before its training.",
        "",
        "| images | where | training images/s | batches alone, images/s | test images/s | "
        f"resident at step {large['warm_step']} | at the end | after the test | peak |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in values["measurements"]:
        mb = one["resident_mb"]
        lines.append(
            f"| {one['images']:,} | {'file' if one['kind'] == 'StoredImages' else 'memory'} | "
            f"{one['images_per_second']:,.0f} | {one['fed_images_per_second']:,.0f} | "
            f"{one['tested_images_per_second']:,.0f} | {mb['warm']:,.0f} MB | "
            f"{mb['last_step']:,.0f} MB | {mb['after_test']:,.0f} MB | "
            f"{mb['peak']:,.0f} MB |"
        )
    lines += [
        "",
        f"From step {large['warm_step']} to step {large['steps']:,} the resident memory of the "
        f"large set changed by {growth_mb:+.1f} MB. Its canvases would take "
        f"{large['images'] * 2500 / 1e6:,.0f} MB; the file of images takes "
        f"{files['images_bytes'] / 1e6:,.0f} MB and its index {files['index_bytes'] / 1e6:,.1f} MB "
        "on the disk. Loading the index "
        f"added {memory['loaded'] - memory['before_loading']:,.0f} MB, and the split with what a "
        f"run keeps of every image {memory['set_up'] - memory['loaded']:,.0f} MB: that part grows "
        "with the number of images.",
    ]
    return "\n".join(lines) + "\n"
