namespace ExecutionManager.Domain;

/// <summary>Faults by path.</summary>
internal sealed class ErrorList
{
    private readonly Dictionary<string, List<string>> faults = new(StringComparer.Ordinal);
    private readonly HashSet<string> unreadable = new(StringComparer.Ordinal);

    public bool Any => faults.Count > 0;

    public void Add(string path, string reason)
    {
        if (!faults.TryGetValue(path, out var reasons))
        {
            faults[path] = reasons = [];
        }
        if (!reasons.Contains(reason))
        {
            reasons.Add(reason);
        }
    }

    /// <summary>A value that is missing or of the wrong type: what stands in for it must not be judged.</summary>
    public void AddUnreadable(string path, string reason)
    {
        Add(path, reason);
        unreadable.Add(path);
    }

    /// <summary>Whether this value, or one that it lies in, could be read.</summary>
    public bool IsReadable(string path)
    {
        for (var end = path.Length; end > 0; end = path.AsSpan(0, end).LastIndexOfAny('.', '['))
        {
            if (unreadable.Contains(path[..end]))
            {
                return false;
            }
        }
        return true;
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() =>
        faults.ToDictionary(fault => fault.Key, fault => fault.Value.ToArray(), StringComparer.Ordinal);
}
