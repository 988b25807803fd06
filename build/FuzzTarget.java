import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;

/** Gives the fuzzer one fuzz test without the test framework, whose start does not fit in a small heap. */
public final class FuzzTarget {
  private static MethodHandle test;

  private FuzzTarget() {}

  /** Takes the class and the method of the test. */
  public static void fuzzerInitialize(String[] arguments) throws ReflectiveOperationException {
    Class<?> type = Class.forName(arguments[0]);
    Constructor<?> constructor = type.getDeclaredConstructor();
    constructor.setAccessible(true);
    Method method = type.getDeclaredMethod(arguments[1], byte[].class);
    method.setAccessible(true);
    test = MethodHandles.lookup().unreflect(method).bindTo(constructor.newInstance());
  }

  public static void fuzzerTestOneInput(byte[] input) throws Throwable {
    test.invoke(input);
  }
}
