/**
 * Files that only this process's user can read, and files that are there as a whole or not at all.
 * For the modules of this project: others do not see it, and it may change at any time.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.files;
