/** Models tracked by DVC and named by GTO. */
@org.jspecify.annotations.NullMarked
module dev.inflight.dvc {
  requires transitive dev.inflight;
  requires transitive dev.inflight.fetch;
  requires com.fasterxml.jackson.databind;
  requires org.eclipse.jgit;
  requires org.yaml.snakeyaml;
  requires static org.jspecify;

  exports dev.inflight.dvc;
}
