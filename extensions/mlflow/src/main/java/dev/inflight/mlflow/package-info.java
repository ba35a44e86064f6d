/**
 * Follows an MLflow registry: {@link dev.inflight.mlflow.MlflowRepository} finds and fetches
 * versions, {@link dev.inflight.mlflow.MlflowModel} reads what MLflow wrote beside them.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.mlflow;
