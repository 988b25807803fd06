package dev.reseal.simulation;

import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/** A register that passes everything on, for whoever stands in front of one call. */
class Passing implements Store {
  private final Store inner;

  Passing(Store inner) {
    this.inner = inner;
  }

  @Override
  public Optional<Versioned> row(Bytes lineage) {
    return inner.row(lineage);
  }

  @Override
  public Optional<Bytes> lineageNamed(String name) {
    return inner.lineageNamed(name);
  }

  @Override
  public List<Bytes> lineages() {
    return inner.lineages();
  }

  @Override
  public Optional<Bytes> answer(AnswerKey key) {
    return inner.answer(key);
  }

  @Override
  public Tail tail() {
    return inner.tail();
  }

  @Override
  public List<Bytes> log(long fromSeq, long toSeq) {
    return inner.log(fromSeq, toSeq);
  }

  @Override
  public void commit(Change change) {
    inner.commit(change);
  }

  @Override
  public void close() {
    inner.close();
  }
}
