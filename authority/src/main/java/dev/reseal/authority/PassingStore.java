package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * A register that passes everything on, for whoever stands in front of one call ({@link Seams}).
 */
public interface PassingStore extends Store {
  Store inner();

  @Override
  default Optional<Versioned> row(Bytes lineage) {
    return inner().row(lineage);
  }

  @Override
  default Optional<Bytes> lineageNamed(String name) {
    return inner().lineageNamed(name);
  }

  @Override
  default List<Bytes> lineages() {
    return inner().lineages();
  }

  @Override
  default Optional<Bytes> answer(AnswerKey key) {
    return inner().answer(key);
  }

  @Override
  default Tail tail() {
    return inner().tail();
  }

  @Override
  default List<Bytes> log(long fromSeq, long toSeq) {
    return inner().log(fromSeq, toSeq);
  }

  @Override
  default void commit(Change change) {
    inner().commit(change);
  }

  @Override
  default void close() {
    inner().close();
  }
}
