package dev.reseal.emulator;

import dev.reseal.platform.Image;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.Measured;

/** What an image measures to now, without a platform: sources and interpreter are only read. */
public sealed interface ImageMeasurement {
  record Done(Measured measured) implements ImageMeasurement {}

  record NotPossible(Refusal rule, String detail) implements ImageMeasurement {
    @Override
    public String toString() {
      return rule + ": " + detail;
    }
  }

  static ImageMeasurement of(Image image) {
    try {
      return new Done(ImageStore.measureSources(image));
    } catch (RefusedException refused) {
      return new NotPossible(refused.rule(), refused.detail());
    }
  }
}
