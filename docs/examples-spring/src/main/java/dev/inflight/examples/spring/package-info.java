/** A Spring Boot application that serves a model. */
@org.jspecify.annotations.NullMarked
package dev.inflight.examples.spring;
