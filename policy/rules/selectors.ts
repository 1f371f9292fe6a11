import { type Inventory, objectId } from "../inventory";
import { type Finding, finding, type Rule } from "../rule";
import { labelSelector, type Selector, selectorKeys, selectorText, selects } from "../selectors";
import type { KubernetesObject } from "../shapes";

/** What a selector may select: the object that is selected, or that makes the pods that are. */
interface Target {
  readonly object: KubernetesObject;
  readonly labels: Readonly<Record<string, string>>;
}

interface SelectorUse {
  readonly object: KubernetesObject;
  readonly path: string;
  readonly selector: Selector;
  readonly targets: readonly Target[];
}

const instanceLabel = "app.kubernetes.io/instance";

function stableLabels({ facts }: Inventory): readonly [string, ...string[]] {
  return facts.selectorLabels ?? ["app", instanceLabel];
}

export const selectorsMatchTheirOwn: Rule = {
  level: "mandatory",
  why: "A selector that matches nothing does nothing, and one that matches others' pods takes their traffic or their lives.",
  check: (inventory) => [
    ...componentSelectors(inventory).flatMap((use) => checkOwn(use, stableLabels(inventory)[0])),
    ...policySelectors(inventory).flatMap((use) => checkStack(use, stableLabels(inventory)[0])),
  ],
};

export const selectorsAreStable: Rule = {
  level: "mandatory",
  why: "A Deployment's selector cannot change, so a label that does would mean to delete and make it anew.",
  check: (inventory) =>
    [...componentSelectors(inventory), ...policySelectors(inventory)].flatMap(({ object, path, selector }) =>
      selectorKeys(selector)
        .filter((key) => !stableLabels(inventory).includes(key))
        .map((key) => finding(object, path, key, `select by ${stableLabels(inventory).join(" and ")} only`)),
    ),
};

/** The selectors that are for one component: that of the component's label on the object that selects. */
function componentSelectors(inventory: Inventory): SelectorUse[] {
  const pods = podTargets(inventory);
  const services = inventory.services.map((object) => ({ object, labels: object.metadata.labels }));
  const path = "spec.selector";
  return [
    ...inventory.workloads.flatMap(({ object, selector, template, specPath }) => [
      ...(selector ? [{ object, path, selector, targets: pods }] : []),
      ...template.spec.topologySpreadConstraints.flatMap(({ labelSelector: spread }, index) => {
        const place = `${specPath}.topologySpreadConstraints[${index}].labelSelector`;
        return spread ? [{ object, path: place, selector: spread, targets: pods }] : [];
      }),
    ]),
    ...inventory.services.map((object) => ({
      object,
      path,
      selector: labelSelector(object.spec.selector),
      targets: pods,
    })),
    ...[...inventory.disruptionBudgets, ...inventory.podMonitors].map((object) => ({
      object,
      path,
      selector: object.spec.selector,
      targets: pods,
    })),
    ...inventory.serviceMonitors.map((object) => ({
      object,
      path,
      selector: object.spec.selector,
      targets: services,
    })),
  ];
}

/** The selectors of network policies, which may be for many components, but never for another stack's. */
function policySelectors(inventory: Inventory): SelectorUse[] {
  const targets = podTargets(inventory);
  return inventory.networkPolicies.flatMap((object) => {
    const { podSelector, ingress, egress } = object.spec;
    const peers = [
      ...ingress.flatMap(({ from }, rule) =>
        from.map((peer, index) => ({ peer, path: `spec.ingress[${rule}].from[${index}]` })),
      ),
      ...egress.flatMap(({ to }, rule) =>
        to.map((peer, index) => ({ peer, path: `spec.egress[${rule}].to[${index}]` })),
      ),
    ];
    return [
      { object, path: "spec.podSelector", selector: podSelector, targets },
      // A selector beside a namespace's is about somebody else's pods, of which nothing is known here.
      ...peers.flatMap(({ peer, path }) =>
        peer.podSelector && !peer.namespaceSelector
          ? [{ object, path: `${path}.podSelector`, selector: peer.podSelector, targets }]
          : [],
      ),
    ].filter(({ selector }) => selectorKeys(selector).length > 0);
  });
}

function podTargets({ workloads }: Inventory): Target[] {
  return workloads.map(({ object, template }) => ({ object, labels: template.metadata.labels }));
}

function checkOwn({ object, path, selector, targets }: SelectorUse, componentLabel: string): Finding[] {
  const own = object.metadata.labels[componentLabel];
  const isOwn = ({ object: target }: Target) => own !== undefined && target.metadata.labels[componentLabel] === own;
  const matched = targets.filter(({ labels }) => selects(selector, labels));
  const others = matched.filter((target) => !isOwn(target));
  if (!matched.some(isOwn)) {
    const cure = `select what has the label ${componentLabel}: ${own ?? "of this object, which has none"}`;
    return [finding(object, path, selectorText(selector), cure)];
  }
  if (others.length > 0) {
    const names = others.map((target) => objectId(target.object)).join(", ");
    return [finding(object, path, selectorText(selector), `select no more than its own: this is also ${names}`)];
  }
  return selectsOtherStack(selector, targets, componentLabel) ? [otherStack(object, path, selector)] : [];
}

function checkStack({ object, path, selector, targets }: SelectorUse, componentLabel: string): Finding[] {
  if (!targets.some(({ labels }) => selects(selector, labels))) {
    return [finding(object, path, selectorText(selector), "select pods that the stack has")];
  }
  return selectsOtherStack(selector, targets, componentLabel) ? [otherStack(object, path, selector)] : [];
}

/** Whether the same component of another stack, in the same namespace, would be selected too. */
function selectsOtherStack(selector: Selector, targets: readonly Target[], componentLabel: string): boolean {
  const foreign = { [componentLabel]: "another-release", [instanceLabel]: "another-release" };
  return targets.some(({ labels }) => selects(selector, { ...labels, ...foreign }));
}

function otherStack(object: KubernetesObject, path: string, selector: Selector): Finding {
  return finding(object, path, selectorText(selector), `add ${instanceLabel}, or it selects other stacks' pods too`);
}
