import { Banner, Flex, FlexItem } from "@patternfly/react-core";
import { ExclamationTriangleIcon } from "@patternfly/react-icons";
import { useEffect } from "react";
import { fetchQuery, graphql, useFragment, useRelayEnvironment } from "react-relay";

import { RelativeTime } from "../components/RelativeTime";
import { onRequestError, UPSTREAM_UNAVAILABLE } from "../relay/errors";
import type { LiteLLMBanner_portal$key } from "./__generated__/LiteLLMBanner_portal.graphql";
import type { LiteLLMBannerQuery } from "./__generated__/LiteLLMBannerQuery.graphql";

const ASK_EVERY = 30_000;
const ASK_EVERY_WHEN_DOWN = 5_000;

const query = graphql`
  query LiteLLMBannerQuery {
    portal {
      ...LiteLLMBanner_portal
    }
  }
`;

/** Says when LiteLLM is away, and goes when it is back. */
export function LiteLLMBanner({ portal: portalRef }: { portal: LiteLLMBanner_portal$key }) {
  const { liteLLM } = useFragment(
    graphql`
      fragment LiteLLMBanner_portal on Portal {
        liteLLM {
          reachable
          checkedAt
        }
      }
    `,
    portalRef,
  );
  const environment = useRelayEnvironment();

  useEffect(() => {
    const ask = () => {
      // A failed check changes nothing here: the page that failed says so itself.
      if (!document.hidden) fetchQuery<LiteLLMBannerQuery>(environment, query, {}).subscribe({ error: () => {} });
    };
    const timer = setInterval(ask, liteLLM.reachable ? ASK_EVERY : ASK_EVERY_WHEN_DOWN);
    const stop = onRequestError((error) => {
      if (error.code === UPSTREAM_UNAVAILABLE) ask();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [environment, liteLLM.reachable]);

  // The live region stands before it has anything to say, or screen readers would not read it.
  return (
    <div role="status">
      {liteLLM.reachable ? null : (
        <Banner className="wrapping-banner" status="warning" screenReaderText="Warning:">
          <Flex spaceItems={{ default: "spaceItemsSm" }} flexWrap={{ default: "nowrap" }}>
            <FlexItem>
              <ExclamationTriangleIcon />
            </FlexItem>
            <FlexItem>
              LiteLLM is not answering, and calls to models may fail. You can look at everything, subscribe, and block or
              revoke keys: it is carried out when LiteLLM is back. New keys and rotations have to wait until then.
              {liteLLM.checkedAt ? (
                <>
                  {" "}
                  Last asked <RelativeTime at={liteLLM.checkedAt} />.
                </>
              ) : null}
            </FlexItem>
          </Flex>
        </Banner>
      )}
    </div>
  );
}
