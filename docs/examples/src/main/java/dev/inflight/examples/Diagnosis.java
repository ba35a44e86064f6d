package dev.inflight.examples;

/** What both models answer: the class, and its probability. */
record Diagnosis(String label, float probability) {}
