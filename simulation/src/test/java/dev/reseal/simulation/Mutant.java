package dev.reseal.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The product's classes, loaded once more with one rule taken out of them: production code has no
 * switch for it, and what is tested is otherwise the very code that ships.
 */
final class Mutant extends ClassLoader {
  /** One change to one method. */
  sealed interface Edit {
    String type();

    String method();

    /** {@code Denied.unless(..., rule, ...)} never refuses. */
    record Drop(String type, String method, String rule) implements Edit {}

    /** Calls of an instance method go to a static method of {@link Planted} instead. */
    record Redirect(String type, String method, String owner, String called, String hook)
        implements Edit {}

    /** Calls of a method without arguments that returns a long give this number instead. */
    record Constant(String type, String method, String owner, String called, long value)
        implements Edit {}

    /** The method returns one of its arguments, given by its local slot. */
    record Return(String type, String method, int slot) implements Edit {}
  }

  private final List<Edit> edits;
  private final AtomicInteger applied = new AtomicInteger();

  Mutant(List<Edit> edits) {
    super(Mutant.class.getClassLoader());
    this.edits = edits;
  }

  /** How many instructions were changed. */
  int applied() {
    return applied.get();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded == null && isOurs(name)) {
        byte[] bytes = edited(name, read(name));
        loaded = defineClass(name, bytes, 0, bytes.length);
      }
      return loaded != null ? loaded : super.loadClass(name, resolve);
    }
  }

  /** What an edit is in, and the worlds that use it; all that they stand on need not be twice. */
  private boolean isOurs(String name) {
    return Stream.concat(Stream.of(Mutant.class.getName()), edits.stream().map(Edit::type))
        .anyMatch(type -> packageOf(type).equals(packageOf(name)));
  }

  private static String packageOf(String type) {
    return type.substring(0, type.lastIndexOf('.') + 1);
  }

  private byte[] read(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private byte[] edited(String name, byte[] bytes) {
    byte[] result = bytes;
    for (Edit edit : edits) {
      if (edit.type().equals(name)) {
        ClassFile format = ClassFile.of();
        CodeTransform change = change(edit);
        result =
            format.transformClass(
                format.parse(result),
                ClassTransform.transformingMethodBodies(
                    method -> method.methodName().equalsString(edit.method()), change));
      }
    }
    return result;
  }

  private CodeTransform change(Edit edit) {
    return switch (edit) {
      case Edit.Drop(_, _, String rule) -> CodeTransform.ofStateful(() -> dropping(rule));
      case Edit.Redirect(_, _, String owner, String called, String hook) ->
          (builder, element) -> {
            if (element instanceof InvokeInstruction call
                && call.owner().asInternalName().equals(owner.replace('.', '/'))
                && call.name().equalsString(called)) {
              applied.incrementAndGet();
              MethodTypeDesc type = call.typeSymbol();
              builder.invokestatic(
                  ClassDesc.of(Planted.class.getName()),
                  hook,
                  type.insertParameterTypes(0, ClassDesc.of(owner)));
            } else {
              builder.with(element);
            }
          };
      case Edit.Constant(_, _, String owner, String called, long value) ->
          (builder, element) -> {
            if (element instanceof InvokeInstruction call
                && call.owner().asInternalName().equals(owner.replace('.', '/'))
                && call.name().equalsString(called)) {
              applied.incrementAndGet();
              builder.pop().loadConstant(value);
            } else {
              builder.with(element);
            }
          };
      case Edit.Return(_, _, int slot) ->
          (builder, element) -> {
            if (element instanceof ReturnInstruction) {
              applied.incrementAndGet();
              builder.pop().aload(slot);
            }
            builder.with(element);
          };
    };
  }

  private CodeTransform dropping(String rule) {
    boolean[] seen = {false};
    return (builder, element) -> {
      if (element instanceof ConstantInstruction.LoadConstantInstruction load
          && load.constantValue().equals(rule)) {
        seen[0] = true;
      }
      if (isGuard(element)) {
        if (seen[0]) {
          applied.incrementAndGet();
          builder.pop().pop().pop().pop();
        } else {
          builder.with(element);
        }
        seen[0] = false;
      } else {
        builder.with(element);
      }
    };
  }

  private static boolean isGuard(CodeElement element) {
    return element instanceof InvokeInstruction call
        && call.owner().asInternalName().equals("dev/reseal/authority/Denied")
        && call.name().equalsString("unless");
  }
}
