package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.ImageMeasurement;
import dev.reseal.platform.Image;
import dev.reseal.sgx.Content;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.Measured;
import dev.reseal.wire.WireException;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;

/** The words for an image declaration ({@code image.cbor}). */
final class ImageFacts {
  private static final int MOST = 16 << 20;

  private ImageFacts() {}

  /** A map with the seven entries of a declaration; {@code main} is the shortest name and first. */
  static boolean recognises(Content file) {
    return file.startsWith(Bytes.concat(Bytes.hex("a764"), Bytes.ascii("main")))
        || file.startsWith(Bytes.concat(Bytes.hex("a765"), Bytes.ascii("files")));
  }

  static Image read(Content file) throws MalformedException {
    Bytes encoded = file.all(MOST);
    try {
      return Image.decode(encoded);
    } catch (WireException | IllegalArgumentException bad) {
      String found =
          bad instanceof InvalidPathException
              ? "a path that is none"
              : String.valueOf(bad.getMessage());
      throw new MalformedException("image declaration", 0, found, "the map of transport T7");
    }
  }

  static Facts of(Image image) {
    Facts facts =
        new Facts()
            .put("kind", "image declaration")
            .put("main", image.main())
            .put("interpreter", image.interpreter().toString())
            .put("files", image.files().size())
            .put("heap_pages", image.heapPages())
            .put("isvprodid", image.isvProdId())
            .put("isvsvn", image.isvSvn());
    List<Facts> values = new ArrayList<>();
    image
        .values()
        .forEach((name, value) -> values.add(new Facts().put("name", name).put("value", value)));
    if (!values.isEmpty()) {
      facts.put("value", values);
    }
    return switch (ImageMeasurement.of(image)) {
      case ImageMeasurement.Done(Measured measured) ->
          facts
              .put("mrenclave", measured.mrEnclave().toHex())
              .put("epc_pages", measured.epcPages())
              .put(
                  "note",
                  "measured from the files as they are now; image.sigstruct is what was signed");
      case ImageMeasurement.NotPossible why -> facts.put("not_measured", why.toString());
    };
  }
}
