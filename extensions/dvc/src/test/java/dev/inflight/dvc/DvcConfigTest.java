package dev.inflight.dvc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What a configuration says, as DVC reads it. */
class DvcConfigTest {
  private static final DvcConfig COMMITTED =
      DvcConfig.parse(
          """
          [core]
              remote = Storage
              autostage = true
          # a comment
          ['remote "storage"']
              url = s3://bucket/prefix
              EndpointURL = "https://minio:9000"
              password = committed
          ['remote "other"']
              url = /srv/store
          [cache]
              url = not of a remote
          """);

  @Test
  void parse_sectionsOfDvc_areFoldedToLowerCase() throws RefusedException {
    assertThat(COMMITTED.choose("")).isEqualTo("storage");
    assertThat(COMMITTED.choose("OTHER")).isEqualTo("other");
    assertThat(COMMITTED.url("storage")).contains("s3://bucket/prefix");
    assertThat(COMMITTED.remote("storage")).containsEntry("endpointurl", "https://minio:9000");
    assertThat(COMMITTED.remotes()).containsOnlyKeys("storage", "other");
  }

  @Test
  void and_aFurtherFile_wins() throws RefusedException {
    DvcConfig both =
        COMMITTED.and(
            DvcConfig.parse("[core]\nremote = other\n['remote \"storage\"']\nuser = me\n"));
    assertThat(both.choose("")).isEqualTo("other");
    assertThat(both.remote("storage"))
        .containsEntry("user", "me")
        .containsEntry("url", "s3://bucket/prefix");
    assertThat(both.withoutSecrets().remote("storage")).doesNotContainKeys("user", "password");
  }

  @Test
  void choose_unknownRemote_saysWhichThereAre() {
    assertThatThrownBy(() -> COMMITTED.choose("none"))
        .isInstanceOf(RefusedException.class)
        .hasMessage("expected remote 'none' in .dvc/config, got [other, storage]");
    assertThatThrownBy(() -> DvcConfig.parse("nonsense\n[[[\n").choose(""))
        .hasMessageContaining("expected a default remote");
  }
}
