namespace ExecutionManager.Neighbours;

/// <summary>Answers one kind of request, by the request, the neighbour's own files and the time; a request that is repeated gets the same answer.</summary>
internal interface INeighbour<in TRequest>
    where TRequest : class
{
    Conduct Conduct { get; }

    Guid ContractOf(TRequest request);

    /// <summary>The message to publish; null when there is nothing useful to say.</summary>
    object? Answer(TRequest request, DateTimeOffset now);

    /// <summary>Why there is nothing useful to say.</summary>
    string Why(TRequest request) => "there is nothing useful to say";

    /// <summary>An answer that the asking side must refuse.</summary>
    object WrongAnswer(TRequest request, DateTimeOffset now);
}
