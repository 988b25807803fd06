package dev.reseal.authority;

import dev.reseal.bytes.Secret;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A cell of a {@link KeyFile} that holds a key, and what cells look like: {@code mark (1) ‖ u32
 * room ‖ u32 CRC-32C of the room ‖ u32 CRC-32C of what follows ‖ u8 name length ‖ u32 key length ‖
 * name ‖ key ‖ padding}, big-endian.
 */
record KeyCell(long offset, int room, int nameSize, int keySize) {
  static final byte EMPTY = 'E';
  static final byte USED = 'K';

  /** Mark, room and the room's CRC: never written again. */
  static final int FRAME = 9;

  static final int HEAD = 18;
  private static final int CONTENT = HEAD - FRAME;
  private static final int ROUND = 128;

  /** The room of a new cell for so many bytes of name and key. */
  static int roomFor(int need) {
    return (need + ROUND - 1) / ROUND * ROUND;
  }

  static ByteBuffer frame(int room) {
    ByteBuffer frame = ByteBuffer.allocate(FRAME).put(EMPTY).putInt(room);
    return frame.putInt(crc(frame.array(), 1, 5)).flip();
  }

  /** The room that a frame names; -1 if it is none. */
  static int room(byte[] frame) {
    ByteBuffer fields = ByteBuffer.wrap(frame);
    byte mark = fields.get();
    int room = fields.getInt();
    boolean good =
        (mark == EMPTY || mark == USED)
            && crc(frame, 1, 5) == fields.getInt()
            && room > 0
            && room % ROUND == 0;
    return good ? room : -1;
  }

  /** All of a cell that follows its frame. */
  static ByteBuffer content(int room, byte[] name, Secret key) {
    ByteBuffer content = ByteBuffer.allocate(CONTENT + room);
    content.putInt(0).put((byte) name.length).putInt(key.size()).put(name);
    key.with(content::put);
    content.putInt(0, crc(content.array(), Integer.BYTES, content.position()));
    return content.rewind();
  }

  /** The cell at {@code offset} if its content is what was put into it. */
  static Optional<KeyCell> of(long offset, byte[] content) {
    ByteBuffer fields = ByteBuffer.wrap(content);
    int crc = fields.getInt();
    KeyCell cell =
        new KeyCell(offset, content.length - CONTENT, fields.get() & 0xff, fields.getInt());
    boolean good =
        cell.keySize > 0
            && (long) cell.nameSize + cell.keySize <= cell.room
            && crc(content, Integer.BYTES, CONTENT + cell.nameSize + cell.keySize) == crc;
    return good ? Optional.of(cell) : Optional.empty();
  }

  String name(byte[] content) {
    return new String(content, CONTENT, nameSize, StandardCharsets.UTF_8);
  }

  private static int crc(byte[] content, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(content, from, to - from);
    return (int) crc.getValue();
  }
}
