import { type Inventory, objectId } from "../inventory";
import type { Expect, Rules } from "../rule";
import { type Labels, labelSelector, selectorKeys, selectorText, selects } from "../selectors";
import type { KubernetesObject, Selector } from "../shapes";

/** What a selector may select: the object that is selected, or that makes the pods that are. */
interface Target {
  readonly object: KubernetesObject;
  readonly labels: Labels;
}

interface SelectorUse {
  readonly object: KubernetesObject;
  readonly path: string;
  readonly selector: Selector;
  readonly targets: readonly Target[];
}

const instanceLabel = "app.kubernetes.io/instance";

export const selectorRules = {
  "selectors-match-their-own": {
    level: "mandatory",
    why: "A selector that matches nothing does nothing, and one that matches others' pods takes their traffic or their lives.",
    check: (inventory, expect) => {
      const [componentLabel] = stableLabels(inventory);
      for (const use of componentSelectors(inventory)) {
        expectOwn(expect, use, componentLabel);
      }
      for (const use of policySelectors(inventory)) {
        const { object, path, selector, targets } = use;
        const isUsed = targets.some(({ labels }) => selects(selector, labels));
        expect(isUsed, object, path, selectorText(selector), "select pods that the stack has");
        expectOneStack(expect, use, componentLabel);
      }
    },
  },

  "selectors-are-stable": {
    level: "mandatory",
    why: "A Deployment's selector cannot change, so with a label that does the Deployment would be deleted and recreated.",
    check: (inventory, expect) => {
      const stable = stableLabels(inventory);
      for (const { object, path, selector } of [...componentSelectors(inventory), ...policySelectors(inventory)]) {
        for (const key of selectorKeys(selector)) {
          expect(stable.includes(key), object, path, key, `select by ${stable.join(" and ")} only`);
        }
      }
    },
  },
} satisfies Rules;

function stableLabels({ facts }: Inventory): readonly [string, ...string[]] {
  return facts.selectorLabels ?? ["app", instanceLabel];
}

/** Returns the selectors that are for one component: that of the component's label on the object that selects. */
function componentSelectors({
  workloads,
  services,
  disruptionBudgets,
  podMonitors,
  serviceMonitors,
}: Inventory): SelectorUse[] {
  const path = "spec.selector";
  const labelled = services.map((object) => ({ object, labels: object.metadata.labels }));
  return [
    ...workloads.flatMap(({ object, selector, pod, path: templatePath }) => [
      ...(selector ? [{ object, path, selector, targets: workloads }] : []),
      ...pod.topologySpreadConstraints.flatMap(({ labelSelector: spread }, index) => {
        const place = `${templatePath}.spec.topologySpreadConstraints[${index}].labelSelector`;
        return spread ? [{ object, path: place, selector: spread, targets: workloads }] : [];
      }),
    ]),
    ...services.map((object) => {
      return { object, path, selector: labelSelector(object.spec.selector), targets: workloads };
    }),
    ...[...disruptionBudgets, ...podMonitors].map((object) => {
      return { object, path, selector: object.spec.selector, targets: workloads };
    }),
    ...serviceMonitors.map((object) => {
      return { object, path, selector: object.spec.selector, targets: labelled };
    }),
  ];
}

/** Returns the selectors of network policies, which may be for many components, but never for another stack's. */
function policySelectors({ networkPolicies, workloads: targets }: Inventory): SelectorUse[] {
  return networkPolicies.flatMap((object) => {
    const { podSelector, ingress, egress } = object.spec;
    const peers = [
      ...ingress.flatMap(({ from }, rule) =>
        from.map((peer, index) => ({ ...peer, path: `spec.ingress[${rule}].from[${index}]` })),
      ),
      ...egress.flatMap(({ to }, rule) =>
        to.map((peer, index) => ({ ...peer, path: `spec.egress[${rule}].to[${index}]` })),
      ),
    ];
    return [
      { object, path: "spec.podSelector", selector: podSelector, targets },
      // A selector beside a namespace's is about other systems' pods, of which nothing is known here.
      ...peers.flatMap(({ podSelector: selector, namespaceSelector, path }) =>
        selector && !namespaceSelector ? [{ object, path: `${path}.podSelector`, selector, targets }] : [],
      ),
    ].filter(({ selector }) => selectorKeys(selector).length > 0);
  });
}

function expectOwn(expect: Expect, use: SelectorUse, componentLabel: string): void {
  const { object, path, selector, targets } = use;
  const own = object.metadata.labels[componentLabel];
  const isOwn = ({ object: target }: Target) => own !== undefined && target.metadata.labels[componentLabel] === own;
  const selected = targets.filter(({ labels }) => selects(selector, labels));
  const others = selected.filter((target) => !isOwn(target)).map((target) => objectId(target.object));
  if (!selected.some(isOwn)) {
    const fix = `select what has the label ${componentLabel}: ${own ?? "of this object, which has none"}`;
    expect(false, object, path, selectorText(selector), fix);
  } else if (others.length > 0) {
    const fix = `select no more than its own: this is also ${others.join(", ")}`;
    expect(false, object, path, selectorText(selector), fix);
  } else {
    expectOneStack(expect, use, componentLabel);
  }
}

/** Expects that the same component of another stack, in the same namespace, would not be selected too. */
function expectOneStack(
  expect: Expect,
  { object, path, selector, targets }: SelectorUse,
  componentLabel: string,
): void {
  const foreign = { [componentLabel]: "another-release", [instanceLabel]: "another-release" };
  const selectsOthers = targets.some(({ labels }) => selects(selector, { ...labels, ...foreign }));
  const fix = `add ${instanceLabel}, or it selects other stacks' pods too`;
  expect(!selectsOthers, object, path, selectorText(selector), fix);
}
