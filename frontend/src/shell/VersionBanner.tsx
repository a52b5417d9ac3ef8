import { Banner, Flex, FlexItem } from "@patternfly/react-core";
import { ExclamationCircleIcon } from "@patternfly/react-icons";
import { graphql, useLazyLoadQuery } from "react-relay";
import { Link } from "react-router";

import type { VersionBannerQuery } from "./__generated__/VersionBannerQuery.graphql";

/** Says that LiteLLM must not be run as it is; for those who can do something about it. */
export function VersionBanner() {
  const { admin } = useLazyLoadQuery<VersionBannerQuery>(
    graphql`
      query VersionBannerQuery {
        admin {
          system {
            liteLLM {
              version
              verdict
              verdictReason
            }
          }
        }
      }
    `,
    {},
  );
  const { version, verdict, verdictReason } = admin.system.liteLLM;
  if (verdict !== "BAD") return null;
  return (
    <Banner className="wrapping-banner" status="danger" screenReaderText="Danger:">
      <Flex spaceItems={{ default: "spaceItemsSm" }} flexWrap={{ default: "nowrap" }}>
        <FlexItem>
          <ExclamationCircleIcon />
        </FlexItem>
        <FlexItem>
          LiteLLM {version} must not be run: {verdictReason} <Link to="/admin/system">See the system</Link>
        </FlexItem>
      </Flex>
    </Banner>
  );
}
