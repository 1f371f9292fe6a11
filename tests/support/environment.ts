/** Remembers this process's environment variables; the answer puts them back as they are now. */
export function rememberEnvironment(): () => void {
  const before = { ...process.env };
  // One by one: native code would not see an object put in the place of process.env.
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}
