import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/errors.ts";
import { isOwnHost, readAddress, urlOf } from "../../../src/run/live/address.ts";

Deno.test("an address is a port of this computer alone, or a host and a port", () => {
  assertEquals(readAddress("8080"), { hostname: "127.0.0.1", port: 8080 });
  assertEquals(readAddress("0"), { hostname: "127.0.0.1", port: 0 });
  assertEquals(readAddress("0.0.0.0:65535"), { hostname: "0.0.0.0", port: 65535 });
  assertEquals(readAddress("[::1]:80"), { hostname: "::1", port: 80 });
  assertEquals(readAddress("my-box.local:8080"), { hostname: "my-box.local", port: 8080 });
});

Deno.test("what is no address is wrong usage, and the sentence says what is one", () => {
  const wrong = [
    "",
    "x",
    ":8080",
    "host",
    "host:",
    "8080,evil.com",
    "65536",
    "host:99999",
    "::1:80",
    "[::1]",
    "a b:80",
  ];
  for (const text of [...wrong, "-1", "8080 ", "[x]:80", "*:80", "http://localhost:80", "8080.5", "123456"]) {
    assertThrows(() => readAddress(text), UsageError, "a port from 0 to 65535, such as 8080, or host:port", text);
  }
});

Deno.test("the URL is one that a browser on this computer can open", () => {
  assertEquals(urlOf({ hostname: "Box.local", port: 80 }), "http://box.local:80/");
  assertEquals(urlOf({ hostname: "127.0.0.1", port: 80 }), "http://127.0.0.1:80/");
  assertEquals(urlOf({ hostname: "::1", port: 8080 }), "http://[::1]:8080/");
  assertEquals(urlOf({ hostname: "0.0.0.0", port: 8080 }), "http://localhost:8080/");
  assertEquals(urlOf({ hostname: "::", port: 8080 }), "http://localhost:8080/");
});

Deno.test("a request is answered that names this computer, at the right port", () => {
  const address = { hostname: "Box.local", port: 8080 };
  for (const host of ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "box.local:8080"]) {
    assertEquals(isOwnHost(host, address), true, host);
  }
  const foreign = [
    "evil.com:8080",
    "localhost",
    "localhost:80",
    "localhost.evil.com:8080",
    "192.168.1.5:8080",
    "",
    "x",
  ];
  for (const host of [...foreign, "127.0.0.1:8080.evil.com", "evil.com@localhost:8080", "[::1:8080", null]) {
    assertEquals(isOwnHost(host, address), false, String(host));
  }
  assertEquals(isOwnHost("localhost", { hostname: "127.0.0.1", port: 80 }), true);
  // Browsers write an address in its shortest form, however it was typed.
  const long = { hostname: "FD00:0:0:0:0:0:0:1", port: 8080 };
  assertEquals([isOwnHost("[fd00::1]:8080", long), urlOf(long)], [true, "http://[fd00::1]:8080/"]);
});

Deno.test("where it listens at all addresses, any IP address is right, and still no foreign name", () => {
  for (const hostname of ["0.0.0.0", "::"]) {
    const address = { hostname, port: 8080 };
    for (const host of ["192.168.1.5:8080", "[fe80::1]:8080", "localhost:8080"]) {
      assertEquals(isOwnHost(host, address), true, host);
    }
    for (const host of ["evil.com:8080", "192.168.1.5.evil.com:8080", "192.168.1.5:81"]) {
      assertEquals(isOwnHost(host, address), false, host);
    }
  }
});
