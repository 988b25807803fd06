package dev.reseal.mutation;

/**
 * A fresh world in which a message was sent.
 *
 * @param later brings the world to where whoever reads such messages would take a new one, and
 *     gives that reader with its good message; called once, after this message was taken
 */
public record Scene(Reader reader, Good good, Later later) {
  /** What happens meanwhile. */
  public interface Later {
    Scene come();
  }

  /** Makes one, each time in a world of its own. */
  public interface Set {
    Scene set();
  }
}
