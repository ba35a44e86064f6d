/** Where models come from: what versions there are, and how their verified bytes are fetched. */
@org.jspecify.annotations.NullMarked
package dev.inflight.repository;
