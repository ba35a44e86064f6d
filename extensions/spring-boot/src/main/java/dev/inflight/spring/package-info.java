/** Models as beans of a Spring Boot application. */
@org.jspecify.annotations.NullMarked
package dev.inflight.spring;
