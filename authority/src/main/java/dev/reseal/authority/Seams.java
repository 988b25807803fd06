package dev.reseal.authority;

/** Where somebody may stand between an authority, its callers and what it writes to. */
public interface Seams {
  /** Nobody stands there: every authority that serves lineages. */
  Seams NONE =
      new Seams() {
        @Override
        public Store register(Store inner) {
          return inner;
        }

        @Override
        public Anchor anchor(Anchor inner) {
          return inner;
        }

        @Override
        public KeyStore keys(KeyStore inner) {
          return inner;
        }

        @Override
        public Endpoint calls(Endpoint inner) {
          return inner;
        }
      };

  Store register(Store inner);

  Anchor anchor(Anchor inner);

  KeyStore keys(KeyStore inner);

  Endpoint calls(Endpoint inner);
}
