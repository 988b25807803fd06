package dev.reseal.collateral;

import dev.reseal.bytes.Bytes;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** GET with every size and wait bounded; no redirects, no cookies, no credentials. */
final class Http implements AutoCloseable {
  private final HttpClient client;
  private final FetchLimits limits;

  Http(FetchLimits limits, ServerTrust trust) {
    this.limits = limits;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .connectTimeout(limits.connect())
            .followRedirects(HttpClient.Redirect.NEVER);
    this.client =
        switch (trust) {
          case ServerTrust.Known() -> builder.build();
          case ServerTrust.Only(var tls) -> builder.sslContext(tls).build();
        };
  }

  /** A 200 with its body, or a 304 to {@code etag}. */
  HttpResponse<Bytes> get(URI uri, Optional<String> etag)
      throws FetchFailure, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(limits.answer()).GET();
    etag.ifPresent(tag -> request.header("If-None-Match", tag));
    CompletableFuture<HttpResponse<Bytes>> answer =
        client.sendAsync(request.build(), _ -> new BoundedBody(limits.bytes()));
    HttpResponse<Bytes> response;
    try {
      response = answer.get(limits.answer().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException slow) {
      answer.cancel(true);
      throw new FetchFailure(
          uri.toString(), "no whole answer within " + limits.answer().toMillis() + " ms");
    } catch (ExecutionException failed) {
      throw new FetchFailure(uri.toString(), words(failed));
    }
    int status = response.statusCode();
    if (status == 200 || (status == 304 && etag.isPresent())) {
      return response;
    }
    throw new FetchFailure(uri.toString(), meaning(status, response));
  }

  private static String words(ExecutionException failed) {
    Throwable cause = failed.getCause() == null ? failed : failed.getCause();
    String message = cause.getMessage();
    if (cause instanceof SSLException) {
      return "its TLS certificate or protocol is not believed here: " + message;
    }
    return cause.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }

  private static String meaning(int status, HttpResponse<Bytes> response) {
    String meaning =
        switch (status) {
          case 400 -> "it does not understand the request";
          case 401, 403 -> "it wants credentials";
          case 404 -> "it has no such collateral";
          case 410 -> "this evaluation number is no longer served";
          case 429 ->
              "too many requests, again after "
                  + response.headers().firstValue("Retry-After").orElse("a while");
          case 460 -> "its database is damaged (PCCS)";
          case 461 -> "it does not know the platform (PCCS)";
          case 462 -> "it has no certificates for the platform (PCCS)";
          case 502 -> "it cannot reach the provisioning service";
          default -> "unexpected";
        };
    return "status " + status + ", " + meaning;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
