// For editors: what dockerignore.js gives to the view behind it, as it stands in the same module.
// The other parts have no exports, so their helpers are taken as global without a word.

type Dockerignore = typeof import("./dockerignore.js");

declare const applyPatterns: Dockerignore["applyPatterns"];
declare const parsePatterns: Dockerignore["parsePatterns"];
declare const PatternError: Dockerignore["PatternError"];
