@org.jspecify.annotations.NullMarked
package dev.reseal.supervisor;
