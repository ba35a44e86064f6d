package dev.inflight;

import org.jspecify.annotations.Nullable;

/**
 * Calls that wait, oldest first; a call that is given up leaves from the middle at no cost.
 *
 * <p>Invariant: a call is in at most one list, and {@code call.list} says in which. Only under the
 * dispatcher's lock.
 */
final class CallList<I, O> {
  private @Nullable Call<I, O> first;
  private @Nullable Call<I, O> last;
  private int size;
  private int rows;

  @Nullable Call<I, O> first() {
    return first;
  }

  boolean isEmpty() {
    return first == null;
  }

  int size() {
    return size;
  }

  /** Of all calls together. */
  int rows() {
    return rows;
  }

  void add(Call<I, O> call) {
    call.list = this;
    call.previous = last;
    call.next = null;
    if (last == null) {
      first = call;
    } else {
      last.next = call;
    }
    last = call;
    size++;
    rows += call.size();
  }

  void remove(Call<I, O> call) {
    Call<I, O> before = call.previous;
    Call<I, O> after = call.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    call.list = null;
    call.previous = null;
    call.next = null;
    size--;
    rows -= call.size();
  }
}
