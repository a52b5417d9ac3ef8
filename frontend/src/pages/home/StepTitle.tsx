import { Icon } from "@patternfly/react-core";
import { CheckCircleIcon } from "@patternfly/react-icons";

/** "1. Pick a model", with a mark when it is done. */
export function StepTitle({ number, title, isDone }: { number: number; title: string; isDone: boolean }) {
  return (
    <>
      {number}. {title}{" "}
      {isDone ? (
        <Icon status="success">
          <CheckCircleIcon title="Done" />
        </Icon>
      ) : null}
    </>
  );
}
