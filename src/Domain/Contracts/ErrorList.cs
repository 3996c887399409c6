namespace ExecutionManager.Domain;

/// <summary>Faults by path; a path that has one, or lies below one, takes no fault of another kind.</summary>
internal sealed class ErrorList
{
    private readonly Dictionary<string, List<string>> faults = new(StringComparer.Ordinal);

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

    /// <summary>The value at this path was not read, so that nothing may be concluded from it.</summary>
    public bool Has(string path)
    {
        for (var at = path; at.Length > 0; at = at[..Math.Max(at.LastIndexOf('.'), at.LastIndexOf('['))])
        {
            if (faults.ContainsKey(at))
            {
                return true;
            }
            if (at.LastIndexOfAny(['.', '[']) < 0)
            {
                break;
            }
        }
        return false;
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() =>
        faults.ToDictionary(fault => fault.Key, fault => fault.Value.ToArray(), StringComparer.Ordinal);
}
