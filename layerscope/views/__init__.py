"""What an image looks like: views for notebooks and static pages.  base.py tells how to add one."""

from layerscope.views.base import Table, View
from layerscope.views.image_comparison import ImageComparison
from layerscope.views.layer_explorer import LayerExplorer
from layerscope.views.oci_graph import OciGraph, OciNode, from_layout

__all__ = [
    "ImageComparison",
    "LayerExplorer",
    "OciGraph",
    "OciNode",
    "Table",
    "View",
    "from_layout",
]
