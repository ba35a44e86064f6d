package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.ListProvenanceProto;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.RootProvenanceProto;
import org.junit.jupiter.api.Test;

class ProvenanceSizeTest {
  private static ListProvenanceProto list(int index, int... children) {
    ListProvenanceProto.Builder list = ListProvenanceProto.newBuilder().setIndex(index);
    for (int child : children) {
      list.addValues(child);
    }
    return list.build();
  }

  private static RootProvenanceProto doubling(int levels) {
    RootProvenanceProto.Builder root = RootProvenanceProto.newBuilder();
    for (int i = 0; i < levels; i++) {
      root.addLmp(list(i, i + 1, i + 1));
    }
    return root.build();
  }

  @Test
  void provenance_thatContainsItself_isRefused() {
    RootProvenanceProto root = RootProvenanceProto.newBuilder().addLmp(list(1, 1)).build();

    assertThatThrownBy(() -> ProvenanceSize.requireBounded(root))
        .isInstanceOf(InvalidProtocolBufferException.class)
        .hasMessageContaining("contains itself");
  }

  @Test
  void provenance_thatDoublesAtEveryLevel_isRefused() {
    assertThatThrownBy(() -> ProvenanceSize.requireBounded(doubling(40)))
        .isInstanceOf(InvalidProtocolBufferException.class);
  }

  @Test
  void provenance_ofOrdinarySize_isAccepted() {
    assertThatCode(() -> ProvenanceSize.requireBounded(doubling(8))).doesNotThrowAnyException();
  }
}
