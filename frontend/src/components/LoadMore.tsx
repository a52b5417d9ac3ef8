import { Alert, Button, Flex, FlexItem } from "@patternfly/react-core";
import { useState } from "react";

import { explain, toRequestError } from "../relay/errors";
import { formatCount } from "../lib/numbers";

interface LoadMoreProps {
  shown: number;
  /** Left out where counting all would take too long. */
  total?: number;
  hasNext: boolean;
  isLoading: boolean;
  /** Loads the next page and reports the error, if there was one. */
  onLoad: (onDone: (error: Error | null) => void) => void;
}

/** The end of a list that goes on. */
export function LoadMore({ shown, total, hasNext, isLoading, onLoad }: LoadMoreProps) {
  const [error, setError] = useState<Error | null>(null);
  if (!hasNext) return null;
  return (
    <Flex
      direction={{ default: "column" }}
      alignItems={{ default: "alignItemsCenter" }}
      className="load-more"
    >
      {error ? (
        <FlexItem>
          <Alert isInline variant="danger" title={explain(toRequestError(error)).title} />
        </FlexItem>
      ) : null}
      <FlexItem>
        <Button variant="secondary" isLoading={isLoading} isDisabled={isLoading} onClick={() => onLoad(setError)}>
          {error ? "Try again" : "Show more"}
        </Button>
      </FlexItem>
      <FlexItem>
        {formatCount(shown)} {total === undefined ? "" : `of ${formatCount(total)} `}shown
      </FlexItem>
    </Flex>
  );
}
