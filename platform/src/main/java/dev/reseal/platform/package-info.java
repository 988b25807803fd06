/** The seam to what runs instances: host calls, device calls, image declaration. */
@NullMarked
package dev.reseal.platform;

import org.jspecify.annotations.NullMarked;
