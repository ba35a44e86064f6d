/**
 * Models whose bytes DVC keeps and whose versions and stages GTO names in the tags of a Git
 * repository: {@link dev.inflight.dvc.DvcRepository}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.dvc;
