import assert from "node:assert/strict";
import { proxyFor } from "../../../network/proxies";

const proxied = { HTTPS_PROXY: "http://secure:3128", HTTP_PROXY: "http://plain:3128" };

describe("the proxy of an address", () => {
  const through = (address: string, environment: NodeJS.ProcessEnv) => proxyFor(address, environment)?.host;

  it("is that of its scheme, and none is set by default", () => {
    assert.equal(through("https://example.com", proxied), "secure:3128");
    assert.equal(through("http://example.com", proxied), "plain:3128");
    assert.equal(through("http://example.com", { HTTPS_PROXY: "http://secure:3128" }), undefined);
    assert.equal(through("https://example.com", {}), undefined);
  });

  it("may be set in lower case, and upper case wins", () => {
    assert.equal(through("https://example.com", { https_proxy: "http://lower:1" }), "lower:1");
    assert.equal(through("https://example.com", { ...proxied, https_proxy: "http://lower:1" }), "secure:3128");
    assert.equal(through("https://example.com", { https_proxy: "http://lower:1", no_proxy: "*" }), undefined);
    assert.equal(through("https://example.com", { HTTPS_PROXY: "", https_proxy: "http://lower:1" }), "lower:1");
  });

  it("may be set without a scheme", () => {
    assert.equal(through("https://example.com", { HTTPS_PROXY: "proxy:3128" }), "proxy:3128");
  });

  for (const host of ["localhost", "127.0.0.1", "127.8.9.10", "[::1]"]) {
    it(`is never used for this machine: ${host}`, () => {
      assert.equal(through(`https://${host}:6443`, proxied), undefined);
    });
  }

  // As golang.org/x/net/http/httpproxy has it, which Pulumi and the providers use.
  const direct: Readonly<Record<string, readonly string[]>> = {
    "*": ["example.com", "10.1.2.3"],
    "example.com": ["example.com", "eks.example.com", "EXAMPLE.com", "example.com:8443", "example.com."],
    ".example.com": ["eks.example.com"],
    "*.example.com": ["eks.example.com"],
    "example.com:8443": ["example.com:8443"],
    "10.1.2.3": ["10.1.2.3", "10.1.2.3:6443"],
    "10.1.0.0/16": ["10.1.2.3"],
    "fd00::/8": ["[fd00::1]"],
    "[fd00::1]:443": ["[fd00::1]"],
    "other.com, example.com": ["example.com"],
  };
  for (const [entry, hosts] of Object.entries(direct)) {
    it(`is not used for ${hosts.join(", ")} with NO_PROXY=${entry}`, () => {
      for (const host of hosts)
        assert.equal(through(`https://${host}`, { ...proxied, NO_PROXY: entry }), undefined, host);
    });
  }

  const indirect: Readonly<Record<string, readonly string[]>> = {
    "example.com": ["notexample.com", "example.com.evil.org"],
    ".example.com": ["example.com"],
    "*.example.com": ["example.com"],
    "example.com:8443": ["example.com"],
    "10.1.0.0/16": ["10.2.0.1", "10.1.example.com"],
    "10.1.0.0/99": ["10.1.2.3"],
    "": ["example.com"],
    ",": ["example.com"],
  };
  for (const [entry, hosts] of Object.entries(indirect)) {
    it(`is used for ${hosts.join(", ")} with NO_PROXY=${JSON.stringify(entry)}`, () => {
      for (const host of hosts) {
        assert.equal(through(`https://${host}`, { ...proxied, NO_PROXY: entry }), "secure:3128", host);
      }
    });
  }

  it("must be one that is understood; the error does not show its password", () => {
    assert.throws(() => proxyFor("https://example.com", { HTTPS_PROXY: "socks5://me:secret@proxy:1080" }), {
      message:
        "HTTPS_PROXY: got socks5://proxy:1080; expected a proxy such as http://proxy.example.com:3128, or https://",
    });
    assert.throws(
      () => proxyFor("https://example.com", { https_proxy: "http://me:secret@[proxy" }),
      ({ message }: Error) => message.startsWith("https_proxy: got what is not a URL;") && !message.includes("secret"),
    );
  });
});
