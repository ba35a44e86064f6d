package dev.inflight;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.io.ObjectInputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The arrows and bans of docs/: who may know whom, and what is public. */
class ArchitectureTest {
  private static final String ROOT = "dev.inflight";
  private static final String TENSOR = "dev.inflight.tensor";
  private static final String FILES = "dev.inflight.files";
  private static final String REPOSITORY = "dev.inflight.repository";
  private static final String DEPLOY = "dev.inflight.deploy";

  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  /** Whoever adds a name here adds something that users see, and that we keep for years. */
  private static final List<String> PUBLIC =
      List.of(
          "dev.inflight.Batching",
          "dev.inflight.BatchingReport",
          "dev.inflight.BulkProgress",
          "dev.inflight.BulkSink",
          "dev.inflight.CallEnd",
          "dev.inflight.CallOptions",
          "dev.inflight.Codec",
          "dev.inflight.CodecRows",
          "dev.inflight.DeadlineExceededException",
          "dev.inflight.Ends",
          "dev.inflight.ForwardingModel",
          "dev.inflight.Histogram",
          "dev.inflight.InferenceException",
          "dev.inflight.InferenceListener",
          "dev.inflight.InferenceRun",
          "dev.inflight.InferenceStats",
          "dev.inflight.InvalidInputException",
          "dev.inflight.Lane",
          "dev.inflight.Lanes",
          "dev.inflight.Model",
          "dev.inflight.ModelArtifact",
          "dev.inflight.ModelInfo",
          "dev.inflight.ModelLoadException",
          "dev.inflight.ModelLoader",
          "dev.inflight.ModelSlot",
          "dev.inflight.ModelUnavailableException",
          "dev.inflight.Outcome",
          "dev.inflight.OverloadedException",
          "dev.inflight.Prediction",
          "dev.inflight.PredictionFailedException",
          "dev.inflight.Predictor",
          "dev.inflight.Priority",
          "dev.inflight.Release",
          "dev.inflight.Resident",
          "dev.inflight.Runner",
          "dev.inflight.VersionStats",
          "dev.inflight.deploy.CanaryOptions",
          "dev.inflight.deploy.CanaryReport",
          "dev.inflight.deploy.Candidate",
          "dev.inflight.deploy.Deployment",
          "dev.inflight.deploy.DeploymentListener",
          "dev.inflight.deploy.DeploymentStatus",
          "dev.inflight.deploy.Gate",
          "dev.inflight.deploy.MemoryBudget",
          "dev.inflight.deploy.Rollout",
          "dev.inflight.deploy.Tolerance",
          "dev.inflight.deploy.VersionPolicy",
          "dev.inflight.files.OwnerOnly", // for our own modules
          "dev.inflight.files.SealedFile",
          "dev.inflight.repository.DirectoryRepository",
          "dev.inflight.repository.Manifest",
          "dev.inflight.repository.ModelRepository",
          "dev.inflight.repository.Versions",
          "dev.inflight.tensor.DataType",
          "dev.inflight.tensor.MapValue",
          "dev.inflight.tensor.ModelValue",
          "dev.inflight.tensor.RowBuffers",
          "dev.inflight.tensor.RowReader",
          "dev.inflight.tensor.RowWriter",
          "dev.inflight.tensor.SequenceValue",
          "dev.inflight.tensor.Shape",
          "dev.inflight.tensor.Signature",
          "dev.inflight.tensor.Tensor",
          "dev.inflight.tensor.Tensors",
          "dev.inflight.tensor.ValueSpec");

  @Test
  void packages_imported_areAllThere() {
    assertThat(CORE.stream().map(JavaClass::getPackageName).distinct().sorted())
        .containsExactly(ROOT, DEPLOY, FILES, REPOSITORY, TENSOR);
  }

  @Test
  void tensor_dependencies_areNoneOfOurs() {
    onlyUses(TENSOR);
  }

  @Test
  void files_dependencies_areNoneOfOurs() {
    onlyUses(FILES);
  }

  @Test
  void root_dependencies_areTensorOnly() {
    onlyUses(ROOT, TENSOR);
  }

  @Test
  void repository_dependencies_areRootOnly() {
    onlyUses(REPOSITORY, ROOT);
  }

  @Test
  void deploy_dependencies_areRepositoryFilesRootAndTensorOnly() {
    onlyUses(DEPLOY, REPOSITORY, FILES, ROOT, TENSOR, "com.sun.management");
  }

  /**
   * Of ours, itself and those; of others, slf4j, jspecify, the JDK's base and its flight recorder.
   */
  private static void onlyUses(String self, String... others) {
    String[] allowed = new String[others.length + 6];
    System.arraycopy(others, 0, allowed, 0, others.length);
    int at = others.length;
    allowed[at++] = self;
    allowed[at++] = "java..";
    allowed[at++] = "org.slf4j";
    allowed[at++] = "org.jspecify.annotations";
    allowed[at++] = "jdk.jfr";
    allowed[at] = "";
    classes()
        .that()
        .resideInAPackage(self)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(allowed)
        .check(CORE);
  }

  @Test
  void packages_dependencies_haveNoCycles() {
    slices().matching("(dev.inflight..)").should().beFreeOfCycles().check(CORE);
  }

  @Test
  void publicTypes_topLevel_areThoseAgreedOn() {
    assertThat(
            CORE.stream()
                .filter(type -> type.isTopLevelClass())
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .map(JavaClass::getName)
                .sorted())
        .containsExactlyElementsOf(PUBLIC);
  }

  /** A forwarder that forgets a method answers with the default and nobody notices. */
  @Test
  void forwardingModel_methodsOfModel_areAllForwarded() {
    assertThat(java.util.Arrays.stream(Model.class.getMethods()).map(m -> m.getName()))
        .allSatisfy(
            name ->
                assertThat(java.util.Arrays.stream(ForwardingModel.class.getDeclaredMethods()))
                    .extracting(m -> m.getName())
                    .contains(name));
  }

  @Test
  void standardStreams_outsideManifestMain_areNotUsed() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.inflight.repository.Manifest")
        .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
        .check(CORE);
    assertThat(CORE.get("dev.inflight.repository.Manifest").getFieldAccessesFromSelf())
        .filteredOn(access -> access.getTargetOwner().isEquivalentTo(System.class))
        .allMatch(access -> access.getOrigin().getName().equals("main"));
  }

  @Test
  void wallClock_milliseconds_areNotUsed() {
    noClasses().should().callMethod(System.class, "currentTimeMillis").check(CORE);
  }

  @Test
  void classes_byName_areNotLoaded() {
    noClasses()
        .should()
        .callMethod(Class.class, "forName", String.class)
        .orShould()
        .callMethod(Class.class, "forName", String.class, boolean.class, ClassLoader.class)
        .orShould()
        .callMethod(ClassLoader.class, "loadClass", String.class)
        .check(CORE);
  }

  @Test
  void javaSerialization_ofModels_isNotRead() {
    noClasses().should().dependOnClassesThat().areAssignableTo(ObjectInputStream.class).check(CORE);
  }

  @Test
  void threads_sleeping_areNotUsed() {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CORE);
  }
}
