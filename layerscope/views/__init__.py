"""What an image looks like: views for notebooks and static pages.  base.py tells how to add one."""

from layerscope.descriptors import OciNode, from_layout
from layerscope.views.base import Table, View
from layerscope.views.build_timeline import BuildTimeline
from layerscope.views.context_explorer import ContextExplorer
from layerscope.views.image_comparison import ImageComparison
from layerscope.views.layer_explorer import LayerExplorer
from layerscope.views.oci_graph import OciGraph
from layerscope.views.overlay_view import OverlayView
from layerscope.views.run_journey import RunJourney

__all__ = [
    "BuildTimeline",
    "ContextExplorer",
    "ImageComparison",
    "LayerExplorer",
    "OciGraph",
    "OciNode",
    "OverlayView",
    "RunJourney",
    "Table",
    "View",
    "from_layout",
]
