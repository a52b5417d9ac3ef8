import { Content, Flex, FlexItem, Label } from "@patternfly/react-core";
import { CheckCircleIcon, InProgressIcon } from "@patternfly/react-icons";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { HelpButton } from "../../components/HelpButton";
import { formatMinute, formatSpan } from "../../lib/time";
import { timeZone } from "../../lib/usageRange";
import type { Asked } from "./asked";
import type { UsageStanding_usage$key } from "./__generated__/UsageStanding_usage.graphql";

/** Which time the numbers are of, in whose time zone, and how far they were compared with LiteLLM's own log. */
export function UsageStanding({ usage: usageRef, asked }: { usage: UsageStanding_usage$key; asked: Asked }) {
  const { asOf, complete } = useFragment(
    graphql`
      fragment UsageStanding_usage on Usage {
        asOf
        complete
      }
    `,
    usageRef,
  );
  const { start, end } = asked.range;
  const until = Date.parse(asOf);
  const isCompared = until > Date.parse(start);
  return (
    <Flex spaceItems={{ default: "spaceItemsSm" }} className="standing">
      <FlexItem>
        <Content component="small">
          {formatSpan(Date.parse(start), Date.parse(end))} ({timeZone()})
        </Content>
      </FlexItem>
      <FlexItem>
        <Label
          isCompact
          color={complete ? "green" : "grey"}
          icon={complete ? <CheckCircleIcon /> : <InProgressIcon />}
        >
          {isCompared ? `Compared with LiteLLM up to ${formatMinute(until)}` : "Not compared with LiteLLM yet"}
        </Label>{" "}
        <HelpButton about="compared" />
      </FlexItem>
      {asked.all ? (
        <FlexItem>
          <Link to="/admin/ledger">
            <small>How the ledger stands</small>
          </Link>
        </FlexItem>
      ) : null}
    </Flex>
  );
}
