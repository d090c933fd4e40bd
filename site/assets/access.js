// What Material leaves out for those who read by ear or move by keyboard.

document.querySelector(".md-search")?.setAttribute("aria-label", "검색");

/** A region that scrolls takes the focus, so that the arrow keys reach it. */
function reachable() {
  for (const place of document.querySelectorAll(".md-typeset__scrollwrap, .highlight code, .output, .output div, .output pre")) {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
}

component$.subscribe(() => {
  // One button is no navigation; so many landmarks of one name lead nowhere.
  for (const one of document.querySelectorAll("nav.md-code__nav")) one.role = "none";
  reachable();
});
addEventListener("resize", reachable);
