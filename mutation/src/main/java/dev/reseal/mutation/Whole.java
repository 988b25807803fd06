package dev.reseal.mutation;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All that objects of ours hold, secrets and private fields too, as text: whatever a later change
 * adds to them is compared without being named here. Of other libraries' objects only which ones
 * they are.
 */
public final class Whole {
  private static final int SHOWN = 300;

  private final IdentityHashMap<Object, Integer> seen = new IdentityHashMap<>();
  private final StringBuilder text = new StringBuilder();

  private Whole() {}

  public static String of(Object... roots) {
    Whole whole = new Whole();
    for (Object root : roots) {
      whole.add(root);
    }
    return whole.text.toString();
  }

  /** Where two such texts part. */
  static String difference(String one, String other) {
    int at = Arrays.mismatch(one.toCharArray(), other.toCharArray());
    int from = Math.max(0, at - SHOWN);
    return "..."
        + one.substring(from, Math.min(one.length(), at + SHOWN))
        + "... to ..."
        + other.substring(from, Math.min(other.length(), at + SHOWN));
  }

  private void add(@Nullable Object object) {
    switch (object) {
      case null -> text.append("null");
      case String plain -> text.append(plain);
      case Number plain -> text.append(plain);
      case Boolean plain -> text.append(plain);
      case Enum<?> plain -> text.append(plain.name());
      case byte[] bytes -> text.append(HexFormat.of().formatHex(bytes));
      case Optional<?> held -> add(held.orElse(null));
      case Map<?, ?> map -> addAll("{", texts(map.entrySet()));
      case Map.Entry<?, ?> entry -> {
        add(entry.getKey());
        text.append(": ");
        add(entry.getValue());
      }
      case Set<?> set -> addAll("{", texts(set));
      case Collection<?> items -> addAll("[", items);
      case Object[] items -> addAll("[", Arrays.asList(items));
      default -> addObject(object);
    }
  }

  private void addAll(String open, Collection<?> items) {
    text.append(open);
    items.forEach(each -> {
      add(each);
      text.append(", ");
    });
    text.append("end ");
  }

  /** In an order of their own: sets and maps have none that means anything. */
  private static Collection<String> texts(Collection<?> items) {
    Collection<String> texts = new TreeSet<>();
    items.forEach(each -> texts.add(of(each)));
    return texts;
  }

  private void addObject(Object object) {
    Integer before = seen.putIfAbsent(object, seen.size());
    Class<?> type = object.getClass();
    text.append(type.getSimpleName());
    if (before != null) {
      text.append('#').append(before);
    } else if (type.getName().startsWith("dev.reseal.") && !type.isHidden()) {
      addFields(object, type);
    } else {
      text.append('@').append(System.identityHashCode(object));
    }
  }

  private void addFields(Object object, Class<?> type) {
    text.append('(');
    for (Field field : fields(type)) {
      text.append(field.getName()).append('=');
      add(valueOf(field, object));
      text.append(' ');
    }
    text.append(')');
  }

  private static @Nullable Object valueOf(Field field, Object object) {
    try {
      field.setAccessible(true);
      return field.get(object);
    } catch (IllegalAccessException hidden) {
      throw new LinkageError("a field of ours is out of reach", hidden);
    }
  }

  private static List<Field> fields(Class<?> type) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> each = type; each != null && each != Object.class; each = each.getSuperclass()) {
      for (Field field : each.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          fields.add(field);
        }
      }
    }
    return fields;
  }
}
