/** Models as beans of a Spring Boot application. */
@org.jspecify.annotations.NullMarked
module dev.inflight.spring {
  requires transitive dev.inflight;
  requires dev.inflight.status;
  requires org.slf4j;
  requires spring.beans;
  requires spring.boot;
  requires spring.boot.autoconfigure;
  requires spring.context;
  requires spring.core;
  requires static com.fasterxml.jackson.annotation; // on the actuator's types, which javac reads
  requires static dev.inflight.micrometer;
  requires static org.jspecify;
  requires static spring.boot.actuator;
  requires static spring.boot.actuator.autoconfigure;
  requires static spring.boot.health;

  exports dev.inflight.spring;

  opens dev.inflight.spring;
}
